// Package protobuf has what the encoders of a few messages need of protobuf's
// wire format. What is empty or 0 is left out of a message by Text and Number,
// and is there by Field, Varint and Fixed64, as what is one of a oneof has to be.
package protobuf

import (
	"encoding/binary"
	"math/bits"
)

// The types of a field that are needed here.
const (
	Varint  = 0
	Fixed64 = 1
	Bytes   = 2
	Fixed32 = 5
)

// Tag is what a field begins with. Its number is less than 16, so it is one byte.
func Tag(field, as byte) byte { return field<<3 | as }

// SizeVarint is what v takes as a varint.
func SizeVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// SizeField is what a field of n bytes takes.
func SizeField(n int) int { return 1 + SizeVarint(uint64(n)) + n }

// AppendField appends a field of text or bytes.
func AppendField[T ~string | ~[]byte](b []byte, field byte, value T) []byte {
	b = AppendLength(b, field, len(value))
	return append(b, value...)
}

// AppendLength begins a field of n bytes.
func AppendLength(b []byte, field byte, n int) []byte {
	return binary.AppendUvarint(append(b, Tag(field, Bytes)), uint64(n))
}

// SizeText is what AppendText appends for n bytes.
func SizeText(n int) int {
	if n == 0 {
		return 0
	}
	return SizeField(n)
}

// AppendText is AppendField, unless text is empty.
func AppendText[T ~string | ~[]byte](b []byte, field byte, text T) []byte {
	if len(text) == 0 {
		return b
	}
	return AppendField(b, field, text)
}

// SizeNumber is what AppendNumber appends.
func SizeNumber(v int64) int {
	if v == 0 {
		return 0
	}
	return 1 + SizeVarint(uint64(v))
}

// AppendNumber is AppendVarint, unless v is 0.
func AppendNumber(b []byte, field byte, v int64) []byte {
	if v == 0 {
		return b
	}
	return AppendVarint(b, field, v)
}

// AppendVarint appends a field with a varint.
func AppendVarint(b []byte, field byte, value int64) []byte {
	return binary.AppendUvarint(append(b, Tag(field, Varint)), uint64(value))
}

// AppendFixed64 appends a field of eight bytes.
func AppendFixed64(b []byte, field byte, value int64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, Tag(field, Fixed64)), uint64(value))
}

// Wrap makes all bytes of b from begin on a field.
func Wrap(b []byte, begin int, field byte) []byte {
	n := len(b) - begin
	var header [1 + binary.MaxVarintLen64]byte
	return Insert(b, begin, AppendLength(header[:0], field, n))
}

// Insert puts what into b before at.
func Insert(b []byte, at int, what []byte) []byte {
	b = append(b, what...)
	copy(b[at+len(what):], b[at:])
	copy(b[at:], what)
	return b
}

// Lookup returns the last field of that number in a message: its value if it is
// a varint, else its bytes. A message that is cut off is read as far as it goes,
// and nothing is found in what is none.
func Lookup(message []byte, field uint64) (value uint64, data []byte) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return 0, nil
		}
		message = message[n:]
		var v uint64
		size := 0
		switch key & 7 {
		case Varint:
			v, size = binary.Uvarint(message)
			if size <= 0 {
				return 0, nil
			}
		case Fixed64:
			size = 8
		case Fixed32:
			size = 4
		case Bytes:
			length, n := binary.Uvarint(message)
			if n <= 0 {
				return 0, nil
			}
			message = message[n:]
			size = int(min(length, uint64(len(message))))
		default:
			return 0, nil
		}
		if size > len(message) {
			return 0, nil
		}
		if key>>3 == field {
			value, data = v, message[:size]
		}
		message = message[size:]
	}
	return value, data
}
