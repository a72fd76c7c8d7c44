"""Any other agent program, by a description that a person wrote (``agents.yaml``)."""
