//go:build race

package pod

// RaceEnabled makes the longest tests shorter, which a race detector makes slow.
const RaceEnabled = true
