// Package jsonsource is a source of metrics that reads a JSON document over HTTP
// or from a file, and makes points of it by rules.
//
//	source := &jsonsource.Source{
//		URL: "http://127.0.0.1:8080/status",
//		Rules: []jsonsource.Rule{
//			{Name: "pool.used", Unit: "By", Path: "$.pools.{pool}.used"},
//			{Name: "disk.busy", Unit: "s", Kind: metrics.Counter, Path: "$.hosts[*].disks[*].busy_ms", Scale: 0.001,
//				Labels: map[string]string{"host": "$.hosts[*].name", "disk": "@.dev"}},
//		},
//	}
//
// # Paths
//
// A path goes from the document, $, to values in it. It is JSONPath (RFC 9535)
// without what can choose several values of one step in other ways than all:
//
//	.key  ['a key']   the member of an object
//	[2]               the element of an array
//	.*  [*]           each member of an object, each element of an array
//	.{l}  [{l}]       the same, and its key or its index is the label l
//
// The $ may be left out. In the path of a label an @ stands for the rule's Path up
// to its last wildcard, and there is no wildcard that Path does not have there:
// so each value has one label of a name.
//
// # Values
//
// Numbers are numbers: an integer is exact as far as int64 goes. true is 1 and
// false is 0. A string is a number that it spells, with Units one with a unit,
// with Enum what that says, with States one of a StateSet. null is nothing at all.
//
// # Rules in a file
//
// [ReadRules] reads YAML and JSON, with the fields of a Rule in lower case:
//
//	rules:
//	- name: pool.used
//	  unit: By
//	  path: $.pools.{pool}.used
//	- name: service.state
//	  path: $.services[*].state
//	  labels: {service: "@.name"}
//	  states: [running, stopped]
//	- name: queue.length
//	  kind: updowncounter
//	  path: $.queue
//	  optional: true
//
// # What is guaranteed
//
//  1. The rules are compiled once. A document is gone through once, from its first
//     byte to its last one, and only what rules ask for is looked at closer; where
//     a key and a wildcard meet, once for each. One that is no JSON by RFC 8259 is
//     an error that tells where, and none of its values counts.
//  2. A value that a rule can't take costs its point alone: it is counted, in
//     json.faults and Stats, and logged when the rule begins to have faults, with
//     the rule, the path with its keys and indices, and the value. Strict makes it
//     an error. Nothing at all at a path is a fault as well, without Optional, but
//     no elements of an array are none.
//  3. Of two members with one name the last one holds.
//  4. Memory is bounded: a document by MaxBytes (16 MiB), values by a million,
//     depth by 1000, what is kept of labels by twice those of the last document.
package jsonsource
