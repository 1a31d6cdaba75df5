// Package pod puts the supervisor beside its peers: as fast as they are is not
// enough if it does less, nor more if it is slow. And it proves the hand-over of a
// listener with a program that knows nothing of pods.
//
// This measures the peers, watches what they do when something goes wrong, and
// prints the tables that the README shows, in less than a minute:
//
//	go run ./pod/table
package pod
