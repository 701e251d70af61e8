"""What is measured on a person: each kind of reading with its unit and the range of possible values."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_DIGITS = re.compile(r"[0-9]{7}")


@dataclass(frozen=True, slots=True)
class Measured:
    """The meaning of a number: its UCUM unit and, where there is one, its LOINC code."""

    unit: str
    loinc: str | None = None

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Write unit and code into the description of the JSON Schema."""
        schema = handler(core)
        schema["description"] = f"{self.unit}, LOINC {self.loinc}" if self.loinc else self.unit
        return schema


def _without_long_numbers(text: str) -> str:
    if _DIGITS.search(text):
        raise ValueError("no numbers of seven or more digits: they may say who somebody is")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_without_long_numbers)]
"""A short free text, which must not identify anybody."""

Systolic = Annotated[int, Field(ge=40, le=300), Measured("mm[Hg]", "8480-6")]
Diastolic = Annotated[int, Field(ge=20, le=200), Measured("mm[Hg]", "8462-4")]
HeartRate = Annotated[int, Field(ge=20, le=250), Measured("/min", "8867-4")]
BreathingRate = Annotated[int, Field(ge=4, le=80), Measured("/min", "9279-1")]
Temperature = Annotated[float, Field(ge=30, le=45), Measured("Cel", "8310-5")]
Weight = Annotated[float, Field(ge=0.3, le=400), Measured("kg", "29463-7")]
Height = Annotated[float, Field(ge=20, le=250), Measured("cm", "8302-2")]
Waist = Annotated[float, Field(ge=20, le=250), Measured("cm", "8280-0")]
HeadGirth = Annotated[float, Field(ge=20, le=70), Measured("cm", "9843-4")]
FastingGlucose = Annotated[float, Field(ge=1, le=50), Measured("mmol/L", "14771-0")]
GlycatedHaemoglobin = Annotated[float, Field(ge=2, le=25), Measured("%", "4548-4")]
Haemoglobin = Annotated[float, Field(ge=20, le=260), Measured("g/L", "718-7")]
WhiteCells = Annotated[float, Field(ge=0.1, le=500), Measured("10*9/L", "6690-2")]
Platelets = Annotated[float, Field(ge=1, le=3000), Measured("10*9/L", "777-3")]
Alt = Annotated[float, Field(ge=0, le=20000), Measured("U/L", "1742-6")]
Ast = Annotated[float, Field(ge=0, le=20000), Measured("U/L", "1920-8")]
Bilirubin = Annotated[float, Field(ge=0, le=1000), Measured("umol/L", "14631-6")]
Creatinine = Annotated[float, Field(ge=5, le=3000), Measured("umol/L", "14682-9")]
Urea = Annotated[float, Field(ge=0.1, le=100), Measured("mmol/L", "22664-7")]
Cholesterol = Annotated[float, Field(ge=0.5, le=40), Measured("mmol/L", "14647-2")]
Triglycerides = Annotated[float, Field(ge=0.1, le=100), Measured("mmol/L", "14927-8")]
LowDensityCholesterol = Annotated[float, Field(ge=0.1, le=30), Measured("mmol/L", "22748-8")]
HighDensityCholesterol = Annotated[float, Field(ge=0.1, le=10), Measured("mmol/L", "14646-4")]
FundalHeight = Annotated[float, Field(ge=1, le=60), Measured("cm", "11881-0")]
FetalHeartRate = Annotated[int, Field(ge=60, le=240), Measured("/min", "55283-6")]
GestationalWeeks = Annotated[int, Field(ge=1, le=44), Measured("wk", "18185-9")]
