package jsonsource

import "fmt"

// maxHits is how many values the rules may find in a document.
const maxHits = 1 << 20

// A document is what rules found in one. It is used again for the next.
type document struct {
	scanner
	elements []elementOf // what wildcards stood for; the first is the document
	slots    []span
	hits     int
}

// An elementOf is a value that a wildcard stands for.
type elementOf struct {
	parent int32
	slots  int32 // where its own begin
	key    span  // with the quotes; without an end: an index
}

// A span is a part of the document.
type span struct{ from, to int32 }

// A hit is a value that a rule found.
type hit struct {
	element int32
	span
}

// read goes through b once.
func (d *document) read(p *plan, b []byte) error {
	for _, n := range p.nodes {
		n.seen = 0
	}
	for _, r := range p.rules {
		r.hits = r.hits[:0]
	}
	d.scanner = scanner{b: b}
	d.elements, d.slots, d.hits = d.elements[:0], d.slots[:0], 0
	root := p.nodes[0]
	i := 0
	if len(b) >= 3 && string(b[:3]) == "\xEF\xBB\xBF" { // RFC 8259, section 8.1: a parser may ignore it
		i = 3
	}
	i = d.value(root, d.space(i), d.element(root, 0, span{}), 0)
	if i >= 0 {
		if i = d.space(i); i < len(b) {
			d.fail(i, "want nothing after the document")
		}
	}
	return d.err
}

func (d *document) element(n *node, parent int32, key span) int32 {
	d.elements = append(d.elements, elementOf{parent, int32(len(d.slots)), key})
	for range n.slots {
		d.slots = append(d.slots, span{})
	}
	return int32(len(d.elements) - 1)
}

// value reads the one that begins at i, which is that of n.
func (d *document) value(n *node, i int, element int32, depth int) (end int) {
	n.seen++
	switch {
	case i < len(d.b) && d.b[i] == '{' && (n.keys != nil || n.each != nil):
		end = d.object(n, i, element, depth)
	case i < len(d.b) && d.b[i] == '[' && (n.at != nil || n.each != nil):
		end = d.array(n, i, element, depth)
	default:
		end = d.skip(i, depth)
	}
	if end < 0 {
		return -1
	}
	at := span{int32(i), int32(end)}
	if n.slot >= 0 {
		d.slots[int(d.elements[element].slots)+n.slot] = at
	}
	for _, r := range n.rules {
		if d.b[i] == 'n' { // null: there is nothing
			continue
		}
		if last := len(r.hits) - 1; last >= 0 && r.hits[last].element == element {
			r.hits[last].span = at // of two members with one name the last one holds
			continue
		}
		if d.hits++; d.hits > maxHits {
			d.err = fmt.Errorf("more than %d values, the first too many for %v", maxHits, r)
			return -1
		}
		r.hits = append(r.hits, hit{element, at})
	}
	return end
}

func (d *document) object(n *node, i int, element int32, depth int) int {
	if depth >= maxDepth {
		return d.tooDeep(i)
	}
	n.expect = 0
	i = d.space(i + 1)
	if i < len(d.b) && d.b[i] == '}' {
		return i + 1
	}
	for {
		from := i
		var end int
		if end, i = d.key(from); i < 0 {
			return -1
		}
		to := -1
		if child := n.member(d.b[from:end]); child != nil {
			to = d.value(child, i, element, depth+1)
		} else if n.each == nil {
			to = d.skip(i, depth+1)
		}
		if n.each != nil && d.err == nil {
			to = d.each(n.each, i, element, span{int32(from), int32(end)}, depth+1)
		}
		if to < 0 {
			return -1
		}
		if i = d.next(to, '}'); i < 0 {
			return -1
		}
		if d.b[i] == '}' {
			return i + 1
		}
	}
}

func (d *document) array(n *node, i int, element int32, depth int) int {
	if depth >= maxDepth {
		return d.tooDeep(i)
	}
	i = d.space(i + 1)
	if i < len(d.b) && d.b[i] == ']' {
		return i + 1
	}
	for index := 0; ; index++ {
		to := -1
		if index < len(n.at) && n.at[index] != nil {
			to = d.value(n.at[index], i, element, depth+1)
		} else if n.each == nil {
			to = d.skip(i, depth+1)
		}
		if n.each != nil && d.err == nil {
			to = d.each(n.each, i, element, span{from: int32(index)}, depth+1)
		}
		if to < 0 {
			return -1
		}
		if i = d.next(to, ']'); i < 0 {
			return -1
		}
		if d.b[i] == ']' {
			return i + 1
		}
	}
}

// each reads a value that a wildcard stands for, and forgets it if no rule found
// something in it.
func (d *document) each(n *node, i int, parent int32, key span, depth int) int {
	elements, slots, hits := len(d.elements), len(d.slots), d.hits
	end := d.value(n, i, d.element(n, parent, key), depth)
	if d.hits == hits {
		d.elements, d.slots = d.elements[:elements], d.slots[:slots]
	}
	return end
}

// member returns the node of a name, which has its quotes. Objects in an array
// mostly have their members in one order, so the one after the last is tried
// first.
func (n *node) member(quoted []byte) *node {
	if n.keys == nil {
		return nil
	}
	name := quoted[1 : len(quoted)-1]
	if escaped(name) {
		name = []byte(unescape(name))
	}
	if n.expect < len(n.keys) && n.keys[n.expect].key == string(name) {
		n.expect++
		return n.keys[n.expect-1].node
	}
	if n.byKey != nil {
		return n.byKey[string(name)]
	}
	for i := range n.keys {
		if n.keys[i].key == string(name) {
			n.expect = i + 1
			return n.keys[i].node
		}
	}
	return nil
}
