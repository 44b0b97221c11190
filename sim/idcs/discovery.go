package idcs

// mountDiscovery is Schemas, ResourceTypes, ServiceProviderConfig and the well-known documents.
func mountDiscovery(table) {}
