"""No tables of its own. Django tells only apps with models that migrations are done; the roles wait for that."""
