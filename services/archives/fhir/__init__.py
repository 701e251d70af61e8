"""Archives as FHIR R4 says them: a person's archive as a document bundle, and a bundle of ours back as an archive.

Everything has its place in a resource where FHIR has one for it, and stands in an extension under one base address
where it has none. Reading is strict: a bundle is taken only if writing what was read gives the same bundle again, so
that nothing in it is lost or misunderstood in silence.
"""
