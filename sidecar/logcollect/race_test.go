//go:build race

package logcollect

// raceEnabled makes the longest tests shorter, which a race detector makes slow.
const raceEnabled = true
