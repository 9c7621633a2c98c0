-- args: request, status, nowMs, error (JSON or ""), resultStage (or ""), statuses that it may have now, in commas ("" for
-- any), reason of a pause (or ""), dropped stages…
-- -> "changed" | "already" | "garbage" (changed, and large dropped stages are to be collected)
verb('set_status', function(job, args)
  local request, status, nowMs, fault, resultStage, from, reason = unpack(args, 1, 7)
  local before = redis.call('HGET', job, 'status')
  if not before or ended(before) or before == status then
    return 'already', false
  end
  if from ~= '' and not (',' .. from .. ','):find(',' .. before .. ',', 1, true) then
    return 'already', false
  end
  redis.call('HSET', job, 'status', status)
  if status == 'paused' and reason ~= '' then
    redis.call('HSET', job, 'pausedFor', reason)
  elseif before == 'paused' then
    redis.call('HDEL', job, 'pausedFor')
  end
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
  local reply = dropStages(job, args, 8) and 'garbage' or 'changed'
  changed(job, request)
  return reply, true
end)
