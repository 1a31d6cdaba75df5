// Package web is what the pod's status endpoint is made of that knows nothing of
// pods: who may ask and what every answer says of itself, a stream of events, the
// text format of Prometheus, and the page. It is a package of its own so that
// none of it sees, or is seen by, the supervisor.
package web
