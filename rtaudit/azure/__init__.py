"""Azure's own terms: clouds, resource ids, api-versions. Imports nothing of rtaudit but `documents` and `errors`."""
