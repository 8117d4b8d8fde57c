// listening.js SOCKET: does anybody listen on the unix socket? Exit code 0 or 1. The file alone proves nothing: it outlives its server.
const { connect } = require('node:net');

connect(process.argv[2])
  .once('connect', () => process.exit(0))
  .once('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
