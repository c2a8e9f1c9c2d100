"""What params.yaml says and what an option of conf/ may say, as typed dataclasses."""
