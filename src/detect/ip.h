/* ip.h: addresses and networks, as bytes. IPv4 stands in the IPv6 space as ::ffff:a.b.c.d, so that
 * both writings of an address are equal. */
#ifndef DETECT_IP_H
#define DETECT_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define IP_BITS      128
#define IP_TEXT_MAX  80 /* longer text is no address */
#define IPV4_BITS_AT 96 /* where an IPv4 address begins */

typedef struct Ip {
    uint8_t bytes[16];
} Ip;

typedef struct IpNetwork {
    Ip address;   /* bits behind the prefix are 0 */
    uint8_t bits; /* 0..128; of IPv4 96 more than written */
} IpNetwork;

/* a.b.c.d, IPv6, ::ffff:a.b.c.d, in brackets, with a zone (%eth0). Nothing else, no port. */
bool ip_parse(Text t, Ip *ret);

typedef enum IpNetworkFault { NETWORK_OK, NETWORK_NONE, NETWORK_HOST_BITS } IpNetworkFault;

/* ADDRESS/BITS, or one address. NETWORK_HOST_BITS: bits are set behind the prefix. */
IpNetworkFault ip_network_parse(Text t, IpNetwork *ret);

bool ip_in_network(const Ip *ip, const IpNetwork *network);

#endif
