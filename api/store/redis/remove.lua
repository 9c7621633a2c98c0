-- Forgets an ended job, and what was earned by it, but for its outputs, which `collect` deletes bit by bit.
-- args: request -> "kept" (it has not ended) | "removed"
verb('remove', function(job)
  local status = redis.call('HGET', job, 'status')
  if status and not ended(status) then
    return 'kept', false
  end
  redis.call('SUNIONSTORE', job .. ':garbage', job .. ':garbage', job .. ':stages')
  redis.call('UNLINK', job, job .. ':stages', job .. ':earned', job .. ':events', job .. ':replies', job .. ':replied')
  clearTasks(job)
  return 'removed', false
end)
