-- args: request, token, from, stage, number, tasks, keeps ("1": the lease goes on with the new stage), nowMs, tasksDone,
-- fuel, earner, metrics ("" for none), the state's stage, then its output (see storeOutputs), then dropped stages…
-- -> "lost" | "followed" | "paused", and after a space "garbage" when large dropped stages are to be collected

verb('follow', function(job, args)
  local request, token, from, stage, number, tasks, keeps, nowMs, tasksDone, fuel, earner, metrics, stateStage =
    unpack(args, 1, 13)
  local status, current, currentTasks = unpack(redis.call('HMGET', job, 'status', 'number', 'tasks'))
  if (status ~= 'running' and status ~= 'paused') or current ~= from then
    return 'lost', false
  end
  local id = readLease(job, token)
  local claim = id and readClaim(job, id)
  if not claim or claim.front ~= 0 or claim.hi ~= tonumber(currentTasks) or #claim.tokens ~= 1 then
    return 'lost', false
  end
  redis.call('HSET', job, 'stage', stage, 'number', number, 'tasks', tasks, 'done', 0, 'outputs', 0, 'bytes', 0,
    'stageFuel', 0)
  redis.call('HINCRBY', job, 'tasksDone', tasksDone)
  redis.call('HINCRBYFLOAT', job, 'fuel', fuel)
  earn(job, earner, fuel, tasksDone)
  if metrics ~= '' then
    redis.call('HSET', job, 'metrics', metrics)
  end
  if keeps == '1' then
    claim.attempts = 0
    claim.claimedAtMs = nowMs
    writeClaim(job, claim)
    redis.call('ZADD', job .. ':single', nowMs, id)
  else
    clearTasks(job)
    addPending(job .. ':pending', 0, tonumber(tasks), 0)
    changed(job, request)
  end
  storeOutputs(job, stateStage, args, 14, 1)
  local garbage = dropStages(job, args, 17) and ' garbage' or ''
  return (status == 'paused' and status or 'followed') .. garbage, true
end)
