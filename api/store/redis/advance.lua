-- args: request, from, stage, number, tasks, metrics ("" for none), round of a map ("" for another stage), nowMs, events
-- kept, how many events follow, events (JSON)…, dropped stages…
-- -> "lost" | "advanced" | "stepped", and after a space "garbage" when large dropped stages are to be collected

verb('advance', function(job, args)
  local request, from, stage, number, tasks, metrics, mapRound, nowMs, eventsKept, events = unpack(args, 1, 10)
  local dropAt = 11 + tonumber(events)
  local status, current, currentTasks, done, stepUntil =
    unpack(redis.call('HMGET', job, 'status', 'number', 'tasks', 'done', 'stepUntil'))
  if not status or ended(status) or current ~= from or tonumber(done) < tonumber(currentTasks) then
    return 'lost', false
  end
  redis.call('HSET', job, 'stage', stage, 'number', number, 'tasks', tasks, 'done', 0, 'outputs', 0, 'bytes', 0,
    'stageFuel', 0)
  if metrics ~= '' then
    redis.call('HSET', job, 'metrics', metrics)
  end
  clearTasks(job)
  if tonumber(tasks) > 0 then
    addPending(job .. ':pending', 0, tonumber(tasks), 0)
  end
  local reply = endStep(job, mapRound, stepUntil) and 'stepped' or 'advanced'
  if dropStages(job, args, dropAt) then
    reply = reply .. ' garbage'
  end
  appendEvents(job, request, nowMs, eventsKept, args, 11, dropAt - 1)
  changed(job, request)
  return reply, true
end)
