"""Plan equals observation: bootstrap, resume and add-roles are the same reconcile."""
