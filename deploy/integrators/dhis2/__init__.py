"""A bridge to DHIS2: the numbers of sealed reports as data values, the events of a feed as anonymous events."""
