"""Archives in FHIR R4: a person's archive written as a document bundle, and read back from one that was written here.

Everything stands in the element that FHIR has for it, or else in an extension under one base address. Reading is
strict: a bundle is taken in only if writing what was read gives the same bundle again, so that nothing in it is lost or
misunderstood in silence.
"""
