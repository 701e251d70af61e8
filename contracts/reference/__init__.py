"""Reference data that every service uses: divisions, documents, vaccines, the statutory calendar."""
