-- args: request, status, nowMs, error (JSON or ""), resultStage (or "") -> "changed" | "already"
verb('set_status', function(job, args)
  local request, status, nowMs, fault, resultStage = unpack(args, 1, 5)
  local before = redis.call('HGET', job, 'status')
  if not before or ended(before) or before == status then
    return 'already', false
  end
  redis.call('HSET', job, 'status', status)
  if status == 'running' then
    redis.call('HSETNX', job, 'startedAtMs', nowMs)
  end
  if fault ~= '' then
    redis.call('HSET', job, 'error', fault)
  end
  if resultStage ~= '' then
    redis.call('HSET', job, 'resultStage', resultStage)
  end
  if ended(status) then
    redis.call('HSET', job, 'endedAtMs', nowMs)
    clearTasks(job)
  end
  changed(job, request)
  return 'changed', true
end)
