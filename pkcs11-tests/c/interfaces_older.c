/*
 * A program of the days of 2.40, against Debian's p11-kit header, which has no word of interfaces: it declares them
 * itself, as those do that look for more than their header knows. Of each list it uses the functions of 2.40, and a
 * session opened through one serves it through the others.
 */
#include <p11-kit/pkcs11.h>

typedef struct {
    CK_UTF8CHAR *pInterfaceName;
    void *pFunctionList;
    CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_RV (*CK_C_GetInterfaceList)(CK_INTERFACE *, CK_ULONG *);
typedef CK_RV (*CK_C_GetInterface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS);

#include "interfaces.h"

static size_t entries(CK_VERSION version)
{
    (void)version;
    return (sizeof(CK_FUNCTION_LIST) - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof(CK_C_Initialize);
}

static void digests(CK_SESSION_HANDLE session)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE text[] = "abc", digest[32];
    for (size_t i = 0; i < OFFERED; i++) {
        CK_FUNCTION_LIST *list = functions(&listed[i]);
        CK_ULONG len = sizeof digest;
        must("C_DigestInit", list->C_DigestInit(session, &sha256));
        must("C_Digest", list->C_Digest(session, text, sizeof text - 1, digest, &len));
        printf("%d.%d: ", list->version.major, list->version.minor);
        for (CK_ULONG at = 0; at < len; at++)
            printf("%02x", digest[at]);
        puts("");
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    CK_FUNCTION_LIST *list = load(argv[1]);
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    lists(list);
    questions();
    calls();
    must("C_Initialize", list->C_Initialize(&threads));
    calls();
    digests(user_session(list, argv[2]));
    must("C_Finalize", list->C_Finalize(NULL));
    return 0;
}
