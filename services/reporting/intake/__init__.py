"""What offices type into sheets of targets and yearly figures: checked values, or a refusal with a code."""
