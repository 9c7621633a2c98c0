-- args: stage, first level, last level, first chunk, last chunk, chunks in one answer
-- -> { "rows", chunk, chunk, … }, each chunk its level and then index, packed, index, packed, …; or { "chunks", "level:chunk", … } when there are more than that:
--    a large answer would hold up everybody else
redis.register_function({
  function_name = 'sparegrid_4_outputs',
  flags = { 'no-writes' },
  callback = function(keys, args)
    local index = keys[1] .. ':out:' .. args[1]
    local first = tonumber(args[2]) * levelSpan + tonumber(args[4])
    local last = tonumber(args[3]) * levelSpan + tonumber(args[5])
    local chunks = redis.call('ZRANGEBYSCORE', index, int(first), int(last))
    if #chunks > tonumber(args[6]) then
      table.insert(chunks, 1, 'chunks')
      return chunks
    end
    local reply = { 'rows' }
    for _, chunk in ipairs(chunks) do
      local entries = redis.call('HGETALL', index .. ':' .. chunk)
      table.insert(entries, 1, (chunk:match('^%d+')))
      table.insert(reply, entries)
    end
    return reply
  end,
})
