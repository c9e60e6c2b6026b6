// Why a call to the host failed, as classes.

/** What every error of the host is. */
export class HostError extends Error {
  constructor(message, options) {
    super(message, options);
    this.kind = new.target.kind;
  }

  get name() {
    return this.constructor.name;
  }
}

/** The server refused a statement. */
export class SqlError extends HostError {
  static kind = "sql";

  constructor(fields, options) {
    super(fields.message, options);
    const { sqlstate, severity, detail, hint, context, position, schema, table, column, datatype, constraint } = fields;
    Object.assign(this, { sqlstate, severity, detail, hint, context, position, schema, table, column, datatype, constraint });
  }
}

/** The parameters do not fit the statement; nothing was sent. */
export class BadParams extends HostError {
  static kind = "bad-params";
}

/** A value or a result is not of the kind that is needed. */
export class Conversion extends HostError {
  static kind = "conversion";
}

/** A limit of the host was exceeded. */
export class Exceeded extends HostError {
  static kind = "exceeded";

  constructor(message, limit, options) {
    super(message, options);
    this.limit = limit;
  }
}

/** The host does not allow this statement; nothing was sent. */
export class Denied extends HostError {
  static kind = "denied";
}

/** The call needs rows, but there is no database: a script is being written. */
export class Offline extends HostError {
  static kind = "offline";
}

/** The call makes no sense here. */
export class Misuse extends HostError {
  static kind = "misuse";
}

/** Thrown by a migration: this direction cannot be done. */
export class Irreversible extends Error {
  constructor(message = "this direction cannot be done", options) {
    super(message, options);
  }

  get name() {
    return "Irreversible";
  }
}

const LIMITS = {
  rows: "a result has more rows than result-rows in [*.limits] of host.toml allows",
  bytes: "a result is larger than result-size in [*.limits] of host.toml allows",
  "statement-time": "a statement took longer than it may",
  "total-time": "the migration took longer than it may",
  "open-handles": "too many statements or savepoints are open",
};

const CLASSES = { "bad-params": BadParams, conversion: Conversion, denied: Denied, offline: Offline, misuse: Misuse };

/** Makes the error that a call throws, of what the contract answered. */
export function errorOf(kind, detail) {
  if (kind === "sql") return new SqlError(detail);
  if (kind === "exceeded") return new Exceeded(LIMITS[detail], detail);
  return new CLASSES[kind](detail);
}
