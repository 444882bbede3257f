"""The parameters of Directus, one by one: from any form that they are sent in to the language."""
