"""Files that outreach keeps, as facts name them: what is kept, how large it is and its digest; never a file's name."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class FileKind(StrEnum):
    """What a file is by its content; pictures are kept as JPEG, whatever they came as."""

    PICTURE = "picture"
    PDF = "pdf"
    DOCUMENT = "document"
    WORKBOOK = "workbook"


class StoredFile(BaseModel):
    """A file in the store of outreach; `sha256` and `size` (bytes) are of what is kept, not of what was sent.

    `thumbnail` says that a small picture of it is kept as well.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file_id: str
    kind: FileKind
    size: int
    sha256: str
    thumbnail: bool = False
