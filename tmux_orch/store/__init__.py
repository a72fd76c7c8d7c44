"""The truth: tables, migrations, one repository per noun, the event log and its JSONL mirrors."""
