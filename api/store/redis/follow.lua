-- args: request, token, from, stage, number, tasks, keeps ("1": the lease goes on with the new stage), nowMs, tasksDone,
-- fuel, earner, metrics ("" for none), the last round, round of a map ("" for another stage), first rounds of changes
-- ("3 7", or ""), events kept, how many events follow, events (JSON)…, the state's stage, then its output (see
-- storeOutputs), then dropped stages…
-- -> "lost" | "followed" | "changed" | "paused" | "stepped", and after a space "garbage" when large dropped stages are to
--    be collected

verb('follow', function(job, args)
  local request, token, from, stage, number, tasks, keeps, nowMs, tasksDone, fuel, earner, metrics, last, mapRound, rounds,
    eventsKept, events = unpack(args, 1, 17)
  local stateAt = 18 + tonumber(events)
  local status, current, currentTasks, stepUntil, changeCount, changesUsed =
    unpack(redis.call('HMGET', job, 'status', 'number', 'tasks', 'stepUntil', 'changeCount', 'changesUsed'))
  if (status ~= 'running' and status ~= 'paused') or current ~= from then
    return 'lost', false
  end
  local id = readLease(job, token)
  local claim = id and readClaim(job, id)
  if not claim or claim.front ~= 0 or claim.hi ~= tonumber(currentTasks) or #claim.tokens ~= 1 then
    return 'lost', false
  end
  local _, settles = rounds:gsub('%d+', '')
  local unused = tonumber(changeCount or 0) - tonumber(changesUsed or 0) - settles
  if unused < 0 or (stepUntil and tonumber(last) > tonumber(stepUntil)) then
    return 'lost', false
  end
  if settles > 0 then
    settleChanges(job, rounds)
  end
  local stepped = endStep(job, mapRound, stepUntil)
  redis.call('HSET', job, 'stage', stage, 'number', number, 'tasks', tasks, 'done', 0, 'outputs', 0, 'bytes', 0,
    'stageFuel', 0)
  redis.call('HINCRBY', job, 'tasksDone', tasksDone)
  redis.call('HINCRBYFLOAT', job, 'fuel', fuel)
  earn(job, earner, fuel, tasksDone)
  if metrics ~= '' then
    redis.call('HSET', job, 'metrics', metrics)
  end
  if keeps == '1' and not stepped then
    claim.attempts = 0
    claim.claimedAtMs = nowMs
    writeClaim(job, claim)
    redis.call('ZADD', job .. ':single', nowMs, id)
  else
    clearTasks(job)
    addPending(job .. ':pending', 0, tonumber(tasks), 0)
    changed(job, request)
  end
  storeOutputs(job, args[stateAt], args, stateAt + 1, 1)
  appendEvents(job, request, nowMs, eventsKept, args, 18, stateAt - 1)
  local reply = stepped and 'stepped' or status == 'paused' and status or unused > 0 and 'changed' or 'followed'
  return reply .. (dropStages(job, args, stateAt + 4) and ' garbage' or ''), true
end)
