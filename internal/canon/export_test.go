package canon

// EncodeGeneral and EncodeQuick are the two ways of Encode.
var (
	EncodeGeneral = encodeGeneral
	EncodeQuick   = encodeQuick
)
