"""Every operation of the HTTP interface as a function that describes its request. Nothing here sends anything: `client.run(call)` does."""
