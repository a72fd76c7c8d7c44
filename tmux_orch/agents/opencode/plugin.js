// Loaded into one opencode process by tmux-orch (OPENCODE_CONFIG_CONTENT); the person's own
// configuration is not touched. It writes what the program does to two files of the seat's private
// directory (state: the level; transcript: JSON lines), calls tmux-orch's hook client at the moments
// that count, and carries out what that answers through the program's own API, inside the process:
// no port, no keystroke. Without an answer nothing happens that would not have happened anyway.
import fs from "node:fs"
import { spawn } from "node:child_process"

const HOOK_S = 20 // a daemon that hangs must not hold the end of a turn
const MOST_REMEMBERED = 500

export const TmuxOrch = async ({ client }, options) => {
  const { conversation, state: stateFile, transcript, hook, instructions, permission } = options
  let state = read(stateFile) ?? {}
  let generation = 0 // counts what the program began; an older end of a turn says nothing
  let hooks = Promise.resolve() // hook calls of one agent in the order of their events
  let current = options.session || "" // the program's session that the conversation goes on in
  let ready = false // the window has asked its server for something: it is being drawn
  const roles = new Map() // message id -> role
  const texts = new Map() // user message id -> text, until it is in front of the model
  const calls = new Map() // call id -> {tool, args, given}
  const asked = new Map() // request id -> {child, kind}
  const handed = new Set() // texts that we prompt with ourselves
  const said = new Map() // ids of the parts that stand in the transcript

  publish({
    pid: process.pid,
    procStart: startTick(),
    session: current,
    conversation,
    status: "starting",
    waitingFor: "",
    detail: "",
    figures: undefined,
  })

  function publish(change) {
    state = { ...state, ...change, statusUpdatedAt: Date.now() }
    const draft = `${stateFile}.${process.pid}`
    try {
      fs.writeFileSync(draft, JSON.stringify(state), { mode: 0o600 })
      fs.renameSync(draft, stateFile)
    } catch {
      // The directory is gone: the team was removed under us. The agent goes on.
    }
  }

  function status(name, detail = "") {
    if (asked.size) return // the dialog stands until it is answered
    if (state.status === name && state.detail === detail) return
    publish({ status: name, waitingFor: "", detail })
  }

  function tell(type, text, id = "", parent = "") {
    const line = JSON.stringify({ type, id, parent, text, session: current, at: Date.now() })
    try {
      fs.appendFileSync(transcript, line + "\n", { mode: 0o600 })
    } catch {
      // As above.
    }
  }

  function ask(event, fields, wait_s, started = () => {}) {
    return new Promise((done) => {
      let answer = ""
      let timer
      const end = () => {
        clearTimeout(timer)
        done(parse(answer))
      }
      try {
        const child = spawn(hook, [], { stdio: ["pipe", "pipe", "ignore"] })
        started(child)
        if (wait_s) timer = setTimeout(() => child.kill(), wait_s * 1000)
        child.stdout.on("data", (piece) => (answer += piece))
        child.stdin.on("error", () => {})
        child.on("error", end)
        child.on("close", end)
        const payload = { hook_event_name: event, session_id: conversation, ...fields }
        child.stdin.end(JSON.stringify(payload))
      } catch {
        end()
      }
    })
  }

  function queueHook(event, fields) {
    hooks = hooks.then(() => ask(event, fields, HOOK_S))
    return hooks
  }

  // As the person's own next prompt would go: same agent, same model.
  async function prompt(text) {
    const { data } = await client.session.get({ path: { id: current } })
    const model = data?.model && { providerID: data.model.providerID, modelID: data.model.id }
    await client.session.promptAsync({
      path: { id: current },
      body: { agent: data?.agent, model, parts: [{ type: "text", text }] },
    })
  }

  async function turnEnded() {
    const mine = ++generation
    const answer = await queueHook("Stop", {})
    if (answer?.decision === "block" && typeof answer.reason === "string") {
      handed.add(answer.reason)
      await prompt(answer.reason)
    } else if (mine === generation) {
      status("idle")
    }
  }

  // -- what the program tells ------------------------------------------------------------------

  function sessionStatus(told) {
    if (told.type === "busy") {
      generation++
      status("busy")
    } else if (told.type === "retry") {
      generation++
      publish({ status: "retry", waitingFor: "", detail: text(told.message), until: told.next })
    } else if (told.type === "idle") {
      return turnEnded()
    }
  }

  function message(info) {
    remember(roles, info.id, info.role)
    if (info.role !== "assistant") return
    // The model is asked with everything that was said up to the message it answers.
    for (const [id, words] of texts) {
      if (info.parentID && id <= info.parentID) {
        tell("taken", words, id)
        texts.delete(id)
      }
    }
    if (info.time?.completed && info.tokens) figures(info)
  }

  function part(told) {
    if (told.type === "text" && roles.get(told.messageID) === "user") {
      if (told.synthetic || said.has(told.id)) return
      remember(said, told.id, true)
      const before = texts.get(told.messageID)
      const words = before === undefined ? told.text : `${before}\n${told.text}`
      remember(texts, told.messageID, words)
      tell("queued", words, told.messageID)
    } else if (told.type === "text" && told.time?.end && !said.has(told.id)) {
      remember(said, told.id, true)
      tell("answer", told.text, told.id, told.messageID)
    } else if (told.type === "tool" && told.state?.status === "completed") {
      const given = calls.get(told.callID)?.given
      calls.delete(told.callID)
      if (given && text(told.state.output).includes(given)) tell("taken", given, told.id)
    } else if (told.type === "tool" && told.state?.status === "running") {
      status("busy", told.tool)
    }
  }

  let spent = { input: 0, output: 0, cost: 0, counted: new Set() }
  function figures(info) {
    if (spent.counted.has(info.id)) return
    spent.counted.add(info.id)
    const t = info.tokens
    const cached = (t.cache?.read ?? 0) + (t.cache?.write ?? 0)
    spent.input += t.input + cached
    spent.output += t.output + (t.reasoning ?? 0)
    spent.cost += info.cost ?? 0
    const used = t.input + cached + t.output + (t.reasoning ?? 0)
    const limit = limits.get(`${info.providerID}/${info.modelID}`)
    publish({
      figures: {
        at: Date.now(),
        input: spent.input,
        output: spent.output,
        cost: spent.cost,
        model: `${info.providerID}/${info.modelID}`,
        context: limit ? (100 * used) / limit : undefined,
      },
    })
  }

  const limits = new Map() // provider/model -> size of its context
  async function learnLimits() {
    try {
      const { data } = await client.config.providers()
      for (const provider of data?.providers ?? []) {
        for (const [id, model] of Object.entries(provider.models ?? {})) {
          if (model.limit?.context) limits.set(`${provider.id}/${id}`, model.limit.context)
        }
      }
    } catch {
      // Then no percentage is shown.
    }
  }

  async function waiting(kind, request) {
    publish({ status: "waiting", waitingFor: kind, detail: text(request.permission ?? "question") })
    if (kind !== "permission") {
      asked.set(request.id, {})
      return
    }
    const entry = {}
    asked.set(request.id, entry)
    const call = calls.get(request.tool?.callID)
    const answer = await ask(
      "PermissionRequest",
      {
        tool_name: text(request.permission),
        tool_input: call?.args ?? { patterns: request.patterns, ...request.metadata },
        tool: call?.tool,
      },
      0,
      (child) => (entry.child = child),
    )
    const decision = answer?.hookSpecificOutput?.decision
    if (!asked.has(request.id) || !decision) return
    const reply =
      decision.behavior === "allow"
        ? { reply: "once" }
        : { reply: "reject", message: text(decision.message) || "The person denied this." }
    await client._client.post({
      url: "/permission/{requestID}/reply",
      path: { requestID: request.id },
      body: reply,
      headers: { "Content-Type": "application/json" },
    })
  }

  function answered(id) {
    const entry = asked.get(id)
    if (!asked.delete(id)) return
    entry.child?.kill() // whoever still decides about it is too late
    status("busy")
  }

  function failed(error) {
    const name = text(error?.name)
    if (name === "MessageAbortedError") return
    const code = error?.data?.statusCode
    const kind = name === "ProviderAuthError" || code === 401 ? "authentication_failed" : name
    queueHook("StopFailure", { error: kind, last_assistant_message: text(error?.data?.message) })
  }

  function ours(id, info) {
    if (!id) return false
    if (!current && info && !info.parentID) {
      current = id
      publish({ session: id })
    }
    return id === current
  }

  // A resumed conversation: what the program stored and a killed plugin could not write, then the
  // prompt of this start. The program's own --prompt does nothing beside --session.
  async function goOn() {
    try {
      const { data } = await client.session.messages({ path: { id: current } })
      catchUp(data ?? [], written(transcript))
    } catch {
      // The next message's lines will tell.
    }
    if (options.prompt) await prompt(options.prompt)
    else status("idle")
  }

  function catchUp(messages, known) {
    const answered = messages.map((m) => m.info.parentID ?? "").reduce((a, b) => (a > b ? a : b), "")
    for (const { info, parts } of messages) {
      const spoken = parts.filter((p) => p.type === "text" && !p.synthetic)
      if (info.role === "user") {
        const words = spoken.map((p) => p.text).join("\n")
        if (known.get(info.id) === "taken" || !words) continue
        if (info.id <= answered) {
          tell("taken", words, info.id)
        } else {
          remember(texts, info.id, words)
          if (!known.has(info.id)) tell("queued", words, info.id)
        }
      } else {
        for (const p of spoken) {
          if (p.time?.end && !known.has(p.id)) tell("answer", p.text, p.id, info.id)
        }
        if (info.time?.completed && info.tokens) figures(info)
      }
    }
  }

  async function event({ event: told }) {
    if (!ready) {
      ready = true
      if (options.session) goOn().catch(() => status("idle"))
    }
    const p = told.properties ?? {}
    const here = ours(p.sessionID, told.type === "session.created" ? p.info : undefined)
    switch (told.type) {
      case "session.status":
        return here && sessionStatus(p.status)
      case "message.updated":
        return here && message(p.info)
      case "message.part.updated":
        return here && part(p.part)
      case "session.error":
        return here && failed(p.error)
      case "session.compacted":
        return here && status("busy")
      // A helper's question stands before the whole agent.
      case "permission.asked":
        return waiting("permission", p)
      case "question.asked":
        return waiting("question", p)
      case "permission.replied":
      case "question.replied":
      case "question.rejected":
        return answered(p.requestID)
    }
  }

  learnLimits()
  return {
    // The merged configuration of this process: ours is added to the person's, never put over it.
    config: async (config) => {
      config.instructions = [...(config.instructions ?? []), instructions]
      allow(config, permission)
    },
    event: async (told) => {
      Promise.resolve(event(told)).catch(() => {})
    },
    "chat.message": async (input, output) => {
      const words = output.parts.filter((p) => p.type === "text" && !p.synthetic).map((p) => p.text)
      const whole = words.join("\n")
      if (handed.delete(whole)) return
      if (input.sessionID !== current) {
        // The person opened another conversation in this window: it is the agent's from now on.
        // A helper's conversation has a parent.
        const { data } = await client.session.get({ path: { id: input.sessionID } })
        if (data?.parentID) return
        current = input.sessionID
        publish({ session: current })
      }
      generation++
      queueHook("UserPromptSubmit", { prompt: whole })
    },
    "tool.execute.before": async (input, output) => {
      remember(calls, input.callID, { tool: input.tool, args: output.args })
    },
    "tool.execute.after": async (input, output) => {
      if (input.sessionID !== current) return
      const answer = await ask("PostToolUse", { tool_name: input.tool }, HOOK_S)
      const given = answer?.hookSpecificOutput?.additionalContext
      if (typeof given !== "string" || !given || typeof output?.output !== "string") return
      output.output += `\n\n${given}`
      const call = calls.get(input.callID)
      if (call) call.given = given
    },
    "experimental.session.compacting": async (input) => {
      if (input.sessionID === current) status("compacting")
    },
  }
}

// What the seat may do without a question; a person's own denial of it stands.
// Of several rules that match the program takes the last.
function allow(config, wanted) {
  const own = typeof config.permission === "string" ? { "*": config.permission } : config.permission
  const rules = { ...own }
  for (const [tool, patterns] of Object.entries(wanted)) {
    const before = typeof rules[tool] === "string" ? { "*": rules[tool] } : (rules[tool] ?? {})
    const denials = Object.keys(before).filter((pattern) => before[pattern] === "deny")
    const ours = Object.entries(patterns).filter(
      ([pattern, action]) => action === "deny" || !denials.some((own) => covers(own, pattern)),
    )
    const { "*": rest, ...narrow } = Object.fromEntries(ours)
    rules[tool] = { ...before, ...narrow }
    if (rest && before["*"] !== "deny") rules[tool] = { "*": rest, ...omit(rules[tool], "*") }
  }
  config.permission = rules
}

function covers(pattern, wanted) {
  const parts = pattern.split(/([*?])/).map((part) =>
    part === "*" ? ".*" : part === "?" ? "." : part.replace(/[.+^${}()|[\]\\]/g, "\\$&"),
  )
  const whole = new RegExp(`^${parts.join("")}$`, "s")
  return whole.test(wanted) || whole.test(wanted.replace(/ \*$/, ""))
}

function omit(object, name) {
  const { [name]: _, ...rest } = object
  return rest
}

// Ids of a transcript's lines with the last thing said of each.
function written(path) {
  const found = new Map()
  try {
    for (const line of fs.readFileSync(path, "utf8").split("\n")) {
      const entry = parse(line)
      if (entry?.id) found.set(entry.id, entry.type)
    }
  } catch {
    // There is none yet.
  }
  return found
}

function remember(map, key, value) {
  map.set(key, value)
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value)
}

function read(path) {
  try {
    return parse(fs.readFileSync(path, "utf8"))
  } catch {
    return undefined
  }
}

function parse(words) {
  try {
    return JSON.parse(words)
  } catch {
    return undefined
  }
}

function text(value) {
  return typeof value === "string" ? value : ""
}

function startTick() {
  try {
    const stat = fs.readFileSync("/proc/self/stat", "utf8")
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])
  } catch {
    return 0 // no /proc on this system
  }
}
