package seal

import "strings"

// bech32 writes bytes as age writes its keys (BIP 173, without its limit of 90
// characters). Reading is left to age, which checks what is written here: age
// offers no way to make a key from its bytes but this text.
func bech32(prefix string, data []byte) string {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	values := regroup(data)
	var expanded []byte
	for _, c := range []byte(prefix) {
		expanded = append(expanded, c>>5)
	}
	expanded = append(expanded, 0)
	for _, c := range []byte(prefix) {
		expanded = append(expanded, c&31)
	}
	sum := polymod(append(append(expanded, values...), make([]byte, 6)...)) ^ 1
	for i := range 6 {
		values = append(values, byte(sum>>(5*(5-i)))&31)
	}
	var out strings.Builder
	out.WriteString(prefix + "1")
	for _, v := range values {
		out.WriteByte(alphabet[v])
	}
	clear(values)
	return out.String()
}

func bech32Upper(prefix string, data []byte) string { return strings.ToUpper(bech32(prefix, data)) }

// regroup cuts bytes into groups of five bits, the last filled with zeros.
func regroup(data []byte) []byte {
	var out []byte
	bits, held := 0, uint32(0)
	for _, b := range data {
		held, bits = held<<8|uint32(b), bits+8
		for bits >= 5 {
			bits -= 5
			out = append(out, byte(held>>bits)&31)
		}
	}
	if bits > 0 {
		out = append(out, byte(held<<(5-bits))&31)
	}
	return out
}

func polymod(values []byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		for i, g := range generator {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
