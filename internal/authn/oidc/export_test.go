package oidc

// ReadClaims and ReadDocument are for the fuzz targets.
var (
	ReadClaims   = readClaims
	ReadDocument = readDocument
)
