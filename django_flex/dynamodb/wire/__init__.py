"""What is sent to DynamoDB and what comes back: signatures, connections, attempts and deadlines."""
