-- args: request, from, stage, number, tasks, metrics ("" for none), dropped stages…
-- -> "lost" | "advanced" | "garbage" (advanced, and large dropped stages are to be collected)

verb('advance', function(job, args)
  local request, from, stage, number, tasks, metrics = unpack(args, 1, 6)
  local status, current, currentTasks, done = unpack(redis.call('HMGET', job, 'status', 'number', 'tasks', 'done'))
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
  local reply = dropStages(job, args, 7) and 'garbage' or 'advanced'
  changed(job, request)
  return reply, true
end)
