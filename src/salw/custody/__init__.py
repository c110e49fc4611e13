"""Who answers for each weapon: holders, movements, issues, returns, transfers, disposals."""
