#include "detect/ip.h"

#include <arpa/inet.h>

static bool parse_plain(Text t, Ip *ret, bool *ret_v4)
{
    char z[IP_TEXT_MAX];
    if (t.len == 0 || t.len >= sizeof z || memchr(t.ptr, '\0', t.len))
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    Ip ip = {.bytes = {[10] = 0xFF, [11] = 0xFF}};
    if (inet_pton(AF_INET, z, ip.bytes + 12) == 1) {
        *ret_v4 = true;
    } else if (inet_pton(AF_INET6, z, ip.bytes) == 1) {
        *ret_v4 = false;
    } else {
        return false;
    }
    *ret = ip;
    return true;
}

/* Most values that are asked are no addresses: say so without a copy. */
static bool may_be_ip(Text t)
{
    if (t.len < 2 || t.len >= IP_TEXT_MAX)
        return false;
    char c = ascii_lower(t.ptr[0]);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '[';
}

bool ip_parse(Text t, Ip *ret)
{
    bool v4;
    if (!may_be_ip(t))
        return false;
    if (t.ptr[0] == '[') {
        if (t.ptr[t.len - 1] != ']')
            return false;
        t = text_of(t.ptr + 1, t.len - 2);
    }
    size_t zone = text_find(t, '%');
    if (zone < t.len && zone + 1 == t.len)
        return false;
    return parse_plain(text_of(t.ptr, zone), ret, &v4);
}

static bool has_bits_from(const Ip *ip, unsigned bit)
{
    for (; bit < IP_BITS; bit++)
        if (ip->bytes[bit / 8] >> (7 - bit % 8) & 1)
            return true;
    return false;
}

IpNetworkFault ip_network_parse(Text t, IpNetwork *ret)
{
    Text rest = t, address = text_cut(&rest, '/');
    Ip ip;
    bool v4;
    if (!parse_plain(address, &ip, &v4))
        return NETWORK_NONE;
    unsigned widest = v4 ? IP_BITS - IPV4_BITS_AT : IP_BITS;
    uint64_t bits = widest;
    if (address.len < t.len && (!text_to_u64(rest, &bits) || bits > widest))
        return NETWORK_NONE;
    unsigned all = (unsigned)bits + (v4 ? IPV4_BITS_AT : 0);
    if (has_bits_from(&ip, all))
        return NETWORK_HOST_BITS;
    *ret = (IpNetwork){.address = ip, .bits = (uint8_t)all};
    return NETWORK_OK;
}

bool ip_in_network(const Ip *ip, const IpNetwork *network)
{
    unsigned whole = network->bits / 8, left = network->bits % 8;
    if (memcmp(ip->bytes, network->address.bytes, whole) != 0)
        return false;
    return left == 0 ||
           ((ip->bytes[whole] ^ network->address.bytes[whole]) & (0xFF00u >> left) & 0xFF) == 0;
}
