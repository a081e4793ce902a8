/** The command of Directus without its look for newer versions, which asks the network at every start. */
import "@directus/api/cli/run.js";
