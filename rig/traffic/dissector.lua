-- DDS-XRCE for Wireshark and tshark, over UDP, TCP and the serial frames of the rig's captures.
-- Made by `rig dissector`; the tables below are those of the rig's own codec. Put the file into the folder of personal
-- Lua plugins (Help > About > Folders), or run: tshark -X lua_script:xrce.lua -r FILE

--@TABLES@

local xrce = Proto("xrce", "DDS-XRCE")
local serial = Proto("xrce_serial", "DDS-XRCE serial framing")
local tcp = Proto("xrce_tcp", "DDS-XRCE over TCP")

local fields = {
  session_id = ProtoField.uint8("xrce.session_id", "Session", base.HEX),
  stream_id = ProtoField.uint8("xrce.stream_id", "Stream", base.HEX),
  sequence = ProtoField.uint16("xrce.sequence", "Sequence number"),
  client_key = ProtoField.bytes("xrce.client_key", "Client key"),
  id = ProtoField.uint8("xrce.submessage", "Submessage", base.DEC, NAMES.submessage),
  flags = ProtoField.uint8("xrce.flags", "Flags", base.HEX),
  length = ProtoField.uint16("xrce.length", "Length"),
}
local make = {
  u8 = function(name, names) return ProtoField.uint8("xrce." .. name, name, base.DEC_HEX, names) end,
  u16 = function(name, names) return ProtoField.uint16("xrce." .. name, name, base.DEC, names) end,
  i16 = function(name) return ProtoField.int16("xrce." .. name, name, base.DEC) end,
  u32 = function(name, names) return ProtoField.uint32("xrce." .. name, name, base.DEC, names) end,
  i32 = function(name) return ProtoField.int32("xrce." .. name, name, base.DEC) end,
  id16 = function(name) return ProtoField.uint16("xrce." .. name, name, base.HEX) end,
  string = function(name) return ProtoField.string("xrce." .. name, name) end,
  optional = function(name) return ProtoField.bool("xrce." .. name, name) end,
  repeated = function(name) return ProtoField.uint32("xrce." .. name .. "_count", name .. " count") end,
}
local function bytes(name) return ProtoField.bytes("xrce." .. name, name) end

local function declare(layout)
  for _, field in ipairs(layout) do
    if field.type ~= "choice" and not fields[field.name] then
      local names = field.names and NAMES[field.names]
      fields[field.name] = (make[field.type] or bytes)(field.name, names)
    end
    if field.parts then declare(field.parts) end
    for _, parts in pairs(field.choices or {}) do declare(parts) end
  end
end
for _, layout in pairs(LAYOUTS) do declare(layout) end

local list = {}
for _, field in pairs(fields) do list[#list + 1] = field end
xrce.fields = list
local malformed = ProtoExpert.new("xrce.malformed", "Not DDS-XRCE", expert.group.MALFORMED, expert.severity.ERROR)
xrce.experts = { malformed }

-- A place in a message: `tvb` begins with the message, and so does the alignment of numbers.
local Reader = {}
Reader.__index = Reader

function Reader:take(size)
  if self.pos + size > self.stop then error({ cut = true }) end
  local range = self.tvb(self.pos, size)
  self.pos = self.pos + size
  return range
end

function Reader:aligned(size)
  self.pos = self.pos + (-self.pos) % size
  return self:take(size)
end

function Reader:add(tree, name, range)
  if self.little then tree:add_le(fields[name], range) else tree:add(fields[name], range) end
end

function Reader:uint(range) if self.little then return range:le_uint() else return range:uint() end end

local sizes = { u8 = 1, u16 = 2, i16 = 2, u32 = 4, i32 = 4, bytes2 = 2, bytes3 = 3, bytes4 = 4, bytes16 = 16 }
local numbers = { u8 = true, u16 = true, i16 = true, u32 = true, i32 = true }
local walk

-- What is left out at the end of a submessage is left out: parents of objects are, by some Clients.
local function absent(reader, field) return field.name == "owner" and reader.stop - reader.pos < 2 end

local function read_field(reader, tree, field, seen)
  local kind = field.type
  if kind == "choice" then
    local parts = field.choices[seen[field.by]] or field.choices.other
    if absent(reader, field) then return end
    if not parts then error({ cut = true }) end
    walk(reader, tree, parts, seen)
  elseif kind == "optional" then
    local range = reader:take(1)
    if range:uint() > 1 then error({ cut = true }) end
    tree:add(fields[field.name], range)
    if range:uint() == 1 then walk(reader, tree, field.parts, seen) end
  elseif kind == "repeated" then
    local range = reader:aligned(4)
    reader:add(tree, field.name, range)
    for _ = 1, reader:uint(range) do walk(reader, tree, field.parts, seen) end
  elseif kind == "rest" then
    if reader.pos < reader.stop then tree:add(fields[field.name], reader:take(reader.stop - reader.pos)) end
  elseif kind == "octets" or kind == "string" then
    local size = reader:uint(reader:aligned(4))
    if size > reader.stop - reader.pos then error({ cut = true }) end
    if size > 0 then
      local range = reader:take(size)
      if kind == "string" then tree:add(fields[field.name], range, range:stringz()) else tree:add(fields[field.name], range) end
    end
  elseif kind == "id16" then
    local range = reader:take(2)
    tree:add(fields[field.name], range)
    seen[field.name] = range:uint()
  elseif numbers[kind] then
    local range = reader:aligned(sizes[kind])
    reader:add(tree, field.name, range)
    seen[field.name] = reader:uint(range)
  else
    tree:add(fields[field.name], reader:take(sizes[kind]))
  end
end

walk = function(reader, tree, layout, seen)
  for _, field in ipairs(layout) do read_field(reader, tree, field, seen) end
end

local function object_name(id)
  local special = NAMES.special_object[id]
  if special then return special end
  return string.format("%s 0x%03x", NAMES.object_kind[id % 16] or "object", math.floor(id / 16))
end

local function say(kind, seen)
  local said = NAMES.submessage[kind] or string.format("submessage %d", kind)
  if seen.object_id then said = said .. " " .. object_name(seen.object_id) end
  if seen.status then said = said .. " " .. (NAMES.status[seen.status] or string.format("0x%02x", seen.status)) end
  return said
end

-- Submessages of a message, or of one that its fragments made whole. Returns what each was.
local function read_submessages(tvb, at, tree)
  local said, size = {}, tvb:len()
  while true do
    at = at + (-at) % 4
    if size - at < 4 then return said end
    local kind, flags, length = tvb(at, 1):uint(), tvb(at + 1, 1):uint(), tvb(at + 2, 2):le_uint()
    local stop = at + 4 + length
    if length == 0 and UNBOUNDED[kind] then stop = size end
    if stop > size then error({ cut = true, said = said }) end
    local item = tree:add(xrce, tvb(at, stop - at), NAMES.submessage[kind] or "Submessage")
    item:add(fields.id, tvb(at, 1))
    item:add(fields.flags, tvb(at + 1, 1))
    item:add_le(fields.length, tvb(at + 2, 2))
    -- Clients leave the properties of CREATE_CLIENT out of its length.
    local reader = setmetatable({
      tvb = tvb, pos = at + 4, stop = kind == CREATE_CLIENT and size or stop, little = flags % 2 == 1,
    }, Reader)
    local seen = {}
    local fine, problem = pcall(walk, reader, item, LAYOUTS[kind] or {}, seen)
    if not fine then
      if type(problem) ~= "table" then error(problem) end
      item:add_proto_expert_info(malformed)
      said[#said + 1] = say(kind, seen) .. " [malformed]"
      return said
    end
    said[#said + 1] = say(kind, seen)
    at = math.max(stop, reader.pos)
    if size - at <= 3 then return said end
  end
end

local function read_message(tvb, pinfo, tree)
  local size = tvb:len()
  local item = tree:add(xrce, tvb())
  pinfo.cols.protocol = "DDS-XRCE"
  local keyed = size >= 1 and tvb(0, 1):uint() < 0x80
  local head = keyed and 8 or 4
  if size < head then
    item:add_proto_expert_info(malformed)
    pinfo.cols.info = "[malformed] no whole header"
    return size
  end
  item:add(fields.session_id, tvb(0, 1))
  item:add(fields.stream_id, tvb(1, 1))
  item:add_le(fields.sequence, tvb(2, 2))
  if keyed then item:add(fields.client_key, tvb(4, 4)) end
  local fine, said = pcall(read_submessages, tvb, head, item)
  if not fine then
    if type(said) ~= "table" then error(said) end
    item:add_proto_expert_info(malformed)
    said = said.said or {}
    said[#said + 1] = "[malformed]"
  end
  local stream = tvb(1, 1):uint()
  local number = stream == 0 and "" or string.format(" seq=%d", tvb(2, 2):le_uint())
  pinfo.cols.info = string.format("session 0x%02x stream 0x%02x%s: %s", tvb(0, 1):uint(), stream, number,
    table.concat(said, ", "))
  return size
end

-- What is of this protocol once stays so: other dissectors may claim the port of a Client.
xrce.dissector = function(tvb, pinfo, tree)
  pinfo.conversation = xrce
  return read_message(tvb, pinfo, tree)
end

-- TCP: a length of two bytes in front of each message.
tcp.dissector = function(tvb, pinfo, tree)
  pinfo.conversation = tcp
  dissect_tcp_pdus(tvb, tree, 2,
    function(range, _, offset) return 2 + range(offset, 2):le_uint() end,
    function(range, info, root)
      if range:len() > 2 then read_message(range(2):tvb(), info, root) end
      return range:len()
    end)
  return tvb:len()
end

-- Serial: 7E, then address of sender and receiver, length, message and CRC; 7D before what would be a flag.
local f_source = ProtoField.uint8("xrce_serial.source", "Source", base.HEX)
local f_target = ProtoField.uint8("xrce_serial.destination", "Destination", base.HEX)
serial.fields = { f_source, f_target }
local no_frame = ProtoExpert.new("xrce_serial.malformed", "No frame", expert.group.MALFORMED, expert.severity.ERROR)
local bad_crc = ProtoExpert.new("xrce_serial.crc", "Wrong CRC", expert.group.CHECKSUM, expert.severity.ERROR)
serial.experts = { no_frame, bad_crc }

local function xor(left, right)
  local out, bit = 0, 1
  while left > 0 or right > 0 do
    if left % 2 ~= right % 2 then out = out + bit end
    left, right, bit = math.floor(left / 2), math.floor(right / 2), bit * 2
  end
  return out
end

local function crc16(array, size)
  local crc = 0
  for at = 0, size - 1 do crc = xor(math.floor(crc / 256), CRC16[xor(crc % 256, array:get_index(at)) + 1]) end
  return crc
end

serial.dissector = function(tvb, pinfo, tree)
  pinfo.cols.protocol = "DDS-XRCE"
  local item = tree:add(serial, tvb())
  local plain, escaped = {}, false
  for at = 1, tvb:len() - 1 do
    local value = tvb(at, 1):uint()
    if escaped then
      value = value % 64 >= 32 and value - 32 or value + 32
      plain[#plain + 1], escaped = string.format("%02x", value), false
    elseif value == 0x7d then
      escaped = true
    else
      plain[#plain + 1] = string.format("%02x", value)
    end
  end
  local size = #plain >= 4 and tonumber(plain[4] .. plain[3], 16) or -1
  if tvb(0, 1):uint() ~= 0x7e or size < 0 or #plain < size + 6 then
    item:add_proto_expert_info(no_frame)
    pinfo.cols.info = "no frame"
    return tvb:len()
  end
  local array = ByteArray.new(table.concat(plain))
  local frame = array:tvb("Frame")
  item:add(f_source, frame(0, 1))
  item:add(f_target, frame(1, 1))
  if size > 0 then read_message(array:subset(4, size):tvb("Message"), pinfo, tree) end
  if crc16(array:subset(4, size), size) ~= frame(4 + size, 2):le_uint() then
    item:add_proto_expert_info(bad_crc)
    pinfo.cols.info:append(" [wrong CRC]")
  end
  return tvb:len()
end

-- Wherever a Client logs in, its conversation is DDS-XRCE, whatever the port.
local function logs_in(tvb, at)
  if tvb:len() < at + 1 then return false end
  local head = at + (tvb(at, 1):uint() >= 0x80 and 4 or 8)
  if tvb:len() < head + 8 then return false end
  return tvb(head, 1):uint() == CREATE_CLIENT and tvb(head + 4, 4):bytes() == COOKIE
end

xrce:register_heuristic("udp", function(tvb, pinfo, tree)
  if not logs_in(tvb, 0) then return false end
  xrce.dissector(tvb, pinfo, tree)
  return true
end)

tcp:register_heuristic("tcp", function(tvb, pinfo, tree)
  if tvb:len() < 6 or not logs_in(tvb, 2) then return false end
  tcp.dissector(tvb, pinfo, tree)
  return true
end)

xrce.prefs.port = Pref.uint("Agent's port", 8888, "UDP and TCP port at which the Agent listens")
local added = 0
local function register()
  if added > 0 then
    DissectorTable.get("udp.port"):remove(added, xrce)
    DissectorTable.get("tcp.port"):remove(added, tcp)
  end
  added = xrce.prefs.port
  if added > 0 then
    DissectorTable.get("udp.port"):add(added, xrce)
    DissectorTable.get("tcp.port"):add(added, tcp)
  end
end
xrce.prefs_changed = register
register()
DissectorTable.get("wtap_encap"):add(wtap.USER0, serial)
