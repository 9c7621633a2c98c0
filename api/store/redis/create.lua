-- args: request, spec, stage, number, tasks -> "created" | "exists"
verb('create', function(job, args)
  if redis.call('EXISTS', job) == 1 then
    return 'exists', false
  end
  local _, spec, stage, number, tasks = unpack(args)
  redis.call('HSET', job, 'spec', spec, 'stage', stage, 'status', 'queued', 'number', number, 'tasks', tasks,
    'done', 0, 'tasksDone', 0, 'fuel', 0, 'outputs', 0, 'bytes', 0, 'stageFuel', 0, 'events', 0)
  if tonumber(tasks) > 0 then
    addPending(job .. ':pending', 0, tonumber(tasks), 0)
  end
  changed(job, args[1])
  return 'created', true
end)
