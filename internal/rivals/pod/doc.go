// Package pod puts the supervisor beside its peers: as fast as they are is not
// enough if it does less, nor more if it is slow. And it proves the hand-over of a
// listener with a program that knows nothing of pods.
package pod
