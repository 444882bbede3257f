"""The tenants and their domains, which all tenants share."""
