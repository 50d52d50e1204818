package config

// DecodeAWSKeys is for tests of what a file of credentials may hold.
var DecodeAWSKeys = decodeAWSKeys
