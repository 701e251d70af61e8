"""Registration: who stays where, and who they are.

Owns: stays, the sealed identities, registers handed in, and the log of who saw whose identity.
Publishes: StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted.
Hears: the stays of every district, and arrivals and departures from street offices.
"""
