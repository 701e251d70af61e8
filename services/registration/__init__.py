"""Registration: who stays where, and who they are.

I own: stays, the sealed identities, registers handed in, and the log of who saw whose identity.
I say: StayStarted, StayContested, StayReaffirmed, StayEnded, StayRetracted.
I hear: the stays of every district, and arrivals and departures from street offices.
"""
