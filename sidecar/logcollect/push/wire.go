package push

import (
	"encoding/binary"
	"math/bits"
)

// The types of a protobuf field that are needed here.
const (
	asVarint  = 0
	asFixed64 = 1
	asBytes   = 2
	asFixed32 = 5
)

// tag is what a field begins with. Its number is less than 16, so it is one byte.
func tag(field, as byte) byte { return field<<3 | as }

func sizeVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// sizeField is what a field of n bytes takes.
func sizeField(n int) int { return 1 + sizeVarint(uint64(n)) + n }

func appendField[T ~string | ~[]byte](b []byte, field byte, value T) []byte {
	b = appendLength(b, field, len(value))
	return append(b, value...)
}

// appendLength begins a field of n bytes.
func appendLength(b []byte, field byte, n int) []byte {
	return binary.AppendUvarint(append(b, tag(field, asBytes)), uint64(n))
}

// What is empty or 0 is left out of a message, unless it is one of a oneof.

func sizeText(n int) int {
	if n == 0 {
		return 0
	}
	return sizeField(n)
}

func appendText[T ~string | ~[]byte](b []byte, field byte, text T) []byte {
	if len(text) == 0 {
		return b
	}
	return appendField(b, field, text)
}

func sizeNumber(v int64) int {
	if v == 0 {
		return 0
	}
	return 1 + sizeVarint(uint64(v))
}

func appendNumber(b []byte, field byte, v int64) []byte {
	if v == 0 {
		return b
	}
	return appendVarint(b, field, v)
}

func appendVarint(b []byte, field byte, value int64) []byte {
	return binary.AppendUvarint(append(b, tag(field, asVarint)), uint64(value))
}

func appendFixed64(b []byte, field byte, value int64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, tag(field, asFixed64)), uint64(value))
}

// wrap makes all bytes of b from begin on a field.
func wrap(b []byte, begin int, field byte) []byte {
	n := len(b) - begin
	var header [1 + binary.MaxVarintLen64]byte
	return insert(b, begin, appendLength(header[:0], field, n))
}

func insert(b []byte, at int, what []byte) []byte {
	b = append(b, what...)
	copy(b[at+len(what):], b[at:])
	copy(b[at:], what)
	return b
}

// lookup returns the last field of that number in a message: its value if it is
// a varint, else its bytes. A message that is cut off is read as far as it goes,
// and nothing is found in what is none.
func lookup(message []byte, field uint64) (value uint64, data []byte) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return 0, nil
		}
		message = message[n:]
		var v uint64
		size := 0
		switch key & 7 {
		case asVarint:
			v, size = binary.Uvarint(message)
			if size <= 0 {
				return 0, nil
			}
		case asFixed64:
			size = 8
		case asFixed32:
			size = 4
		case asBytes:
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
