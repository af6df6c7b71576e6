/**
 * What `npm run simulate -- --help` prints.
 * @module
 */

export const USAGE = `Usage: npm run simulate -- --config FILE [OPTIONS]

Runs the balancer's own picks, leases and pool object on a virtual clock, over your configuration.

  --config FILE       routes and pools, JSON with comments, as for npm start
  --pool ID           which pool (default: the only one, or "default")
  --rps N             requests per second, all clients together (default 200)
  --isolates M        isolates that serve them (default 20)
  --regions R         regions around the globe; the pool's object is in the first (default 3)
  --data-centers N    each isolate is in one of them, and tells its neighbours of changes (default 100)
  --seconds S         how long (default 60)
  --seed N            the same seed gives the same run (default 1)
  --way whole|short   of a request through the balancer; short: only its pick and its counts, which is an approximation
                      (docs/simulation.md, large runs; default: short from a million requests on)

Routes (docs/simulation.md, routes with several pools)
  --routes            all routes and pools together: which pool each request goes to, and why
  --from PLACES       where clients come from, with shares: JP:3,FR, weu or tokyo (default: twelve cities of the world)
  --to URLS           what they ask for, with shares: shop.example.com/:3,api.example.com/v2/x (default: each route's host
                      and path)
  --shed POOL:P@T     the operator sends P percent of a pool's clients elsewhere from T on
  --fail, --recover, --disable, --enable and --drain take POOL/ORIGIN@T, or POOL@T for all of its origins

What happens (each may be given several times; T and D in seconds)
  --fail ORIGIN@T     the origin refuses connections from T on
  --recover ORIGIN@T  it is there again
  --disable ORIGIN@T  the operator takes the origin out, by its configuration
  --enable ORIGIN@T   and puts it back
  --drain ORIGIN@T    the operator drains the origin
  --burst F@T+D       F times as many requests from T on, for D
  --outage T+D        nothing reaches the pool's object from T on, for D
  --restart T         the pool's object is started anew, and forgets what it does not store
  --deploy T          a new version: the object is started anew, and cold isolates take over from all there were

The world
  --latency A-B       one way in ms, within a region and to the farthest one (default 3-80)
  --loss P            percent of the messages to and from the object that get lost (default 0.1)
  --churn P           percent of the isolates that die in a minute; others come up cold (default 1)
  --skew X            0: isolates are equally busy; more: some are far busier (default 0)
  --clients N         how many there are, each with an address and a cookie jar (default 10000)
  --cold              no isolate has met the object before the run
Origins: two of these give the third, for each origin's expected share of the requests
  --load F            share of its workers' time in use, 0 to 1 (default 0.5)
  --service MS        mean time to serve a request, exponential (default 20)
  --workers N         requests served at once; others wait in line (default: from the two others)

  --out FILE          writes the picture there (SVG)
  --json FILE         writes all figures there
  --help              this text

Exit code: 0 all promises held, 1 one of them did not, 2 wrong usage or a configuration with errors.`;
