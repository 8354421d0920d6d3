"""The words of the reports: sentence patterns and terms, one module per language, with the same names in each."""
