"""Archives: one health archive for each resident, and what is entered in it.

I own: archives and their entries.
I say: ArchiveOpened, EntryRecorded.
I hear: stays, deaths and merges (of every district), and my own facts.
"""
