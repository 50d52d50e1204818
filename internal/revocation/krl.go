package revocation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The parts of OpenSSH's PROTOCOL.krl that are written here.
const (
	krlMagic        = "SSHKRL\n\x00"
	krlVersion      = 1
	krlCertificates = 1
	krlKeyIDs       = 0x23
	krlComment      = "halligan"
)

// ErrKRL is wrapped by every error of ParseKRL.
var ErrKRL = errors.New("not a key revocation list of ours")

// KRL returns the list as an OpenSSH key revocation list, for sshd's
// RevokedKeys. Each of authorities is the wire form of an SSH authority's
// public key: certificates signed by these are refused by key id, and no other
// authority's are, so that a cell can take away only what its own authority
// gave. With none the key ids are refused whoever signed. The origin, number
// and time stand in the file too: replacing the file replaces them with it.
//
// A list without key ids has a header and no sections: sshd reads it and
// refuses nothing. (A file that sshd cannot read makes it refuse every key.)
//
// sshd reads the whole file for each key that a client offers: in OpenSSH 9.2
// ten thousand key ids cost 10 ms, a hundred thousand over a second. Pruning
// what expired long ago is what keeps logins quick.
func (l List) KRL(authorities ...[]byte) []byte {
	b := append([]byte(nil), krlMagic...)
	b = binary.BigEndian.AppendUint32(b, krlVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(l.Number))
	b = binary.BigEndian.AppendUint64(b, uint64(l.At.Unix()))
	b = binary.BigEndian.AppendUint64(b, 0) // flags
	b = appendString(b, "")                 // reserved
	b = appendString(b, l.comment())
	if len(l.KeyIDs) == 0 {
		return b
	}
	if len(authorities) == 0 {
		authorities = [][]byte{nil}
	}
	var ids []byte
	for _, id := range l.KeyIDs {
		ids = appendString(ids, id)
	}
	for _, ca := range authorities {
		section := appendString(nil, ca)
		section = appendString(section, "") // reserved
		section = append(section, krlKeyIDs)
		section = appendString(section, ids)
		b = append(b, krlCertificates)
		b = appendString(b, section)
	}
	return b
}

// comment says what the header has no room for, and how many key ids follow, so
// that a file cut after its header is not taken for a list without any.
func (l List) comment() string {
	return fmt.Sprintf("%s %s %d %d %d", krlComment, l.Origin, l.Number, l.At.UnixMilli(), len(l.KeyIDs))
}

// ParseKRL reads back what KRL wrote, for whichever authorities, and refuses
// everything else with an error that wraps ErrKRL.
func ParseKRL(data []byte) (List, error) {
	r := reader{rest: data}
	if string(r.take(uint64(len(krlMagic)))) != krlMagic || r.uint32() != krlVersion {
		return List{}, fmt.Errorf("%w: bad header", ErrKRL)
	}
	r.take(3 * 8) // version, date, flags: compared below
	r.string()
	l, err := parseComment(string(r.string()))
	if err != nil || r.bad {
		return List{}, fmt.Errorf("%w: bad comment", ErrKRL)
	}
	var authorities [][]byte
	for !r.bad && len(r.rest) > 0 {
		kind := r.byte()
		section := reader{rest: r.string()}
		authorities = append(authorities, section.string())
		section.string()
		inner := section.byte()
		ids := reader{rest: section.string()}
		if r.bad || section.bad || kind != krlCertificates || inner != krlKeyIDs || len(section.rest) > 0 {
			return List{}, fmt.Errorf("%w: bad section", ErrKRL)
		}
		if len(authorities) > 1 {
			continue // must repeat the first: compared below
		}
		for !ids.bad && len(ids.rest) > 0 {
			l.KeyIDs = append(l.KeyIDs, string(ids.string()))
		}
		if ids.bad {
			return List{}, fmt.Errorf("%w: bad key ids", ErrKRL)
		}
	}
	if err := l.Check(); r.bad || err != nil {
		return List{}, fmt.Errorf("%w: bad content", ErrKRL)
	}
	if !bytes.Equal(l.KRL(authorities...), data) {
		return List{}, fmt.Errorf("%w: not in its one encoding", ErrKRL)
	}
	return l, nil
}

func parseComment(comment string) (List, error) {
	part := strings.Split(comment, " ")
	if len(part) != 5 || part[0] != krlComment {
		return List{}, ErrKRL
	}
	number, err1 := strconv.ParseInt(part[2], 10, 64)
	at, err2 := strconv.ParseInt(part[3], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return List{}, err
	}
	return List{Origin: part[1], Number: number, At: time.UnixMilli(at).UTC()}, nil
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

// reader takes RFC 4251 fields off the front; after a read past the end it is
// bad and yields zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) string() []byte { return r.take(uint64(r.uint32())) }
