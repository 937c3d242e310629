/*
 * A program against include/claviger.h and no other header: beside what each asks, functions of 3.0 and 3.2 through
 * the lists that have them, with messages under vectors that the token makes.
 */
#include "claviger.h"

#include "interfaces.h"

#define ENTRIES(list) ((sizeof(list) - offsetof(list, C_Initialize)) / sizeof(CK_C_Initialize))

enum { VECTOR = 12, TAG = 16 };

static CK_BYTE header[] = "to whom it may concern", text[] = "a message from C";

/* A message as it is sent. */
struct sealed {
    CK_BYTE vector[VECTOR], tag[TAG], text[sizeof text];
};

static size_t entries(CK_VERSION version)
{
    if (version.major < 3)
        return ENTRIES(CK_FUNCTION_LIST);
    return version.minor < 2 ? ENTRIES(CK_FUNCTION_LIST_3_0) : ENTRIES(CK_FUNCTION_LIST_3_2);
}

static void *list_of(CK_BYTE major, CK_BYTE minor)
{
    CK_VERSION version = {major, minor};
    CK_INTERFACE *found = NULL;
    must("C_GetInterface", get_interface((CK_UTF8CHAR *)"PKCS 11", &version, &found, 0));
    return found->pFunctionList;
}

static CK_OBJECT_HANDLE aes_key(CK_FUNCTION_LIST_3_0 *list, CK_SESSION_HANDLE session)
{
    CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL, 0};
    CK_BBOOL yes = CK_TRUE;
    CK_ULONG len = 32;
    CK_ATTRIBUTE template[] = {
        {CKA_VALUE_LEN, &len, sizeof len},
        {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_DECRYPT, &yes, sizeof yes},
    };
    CK_OBJECT_HANDLE key;
    must("C_GenerateKey", list->C_GenerateKey(session, &generate, template, COUNT(template), &key));
    return key;
}

static CK_GCM_MESSAGE_PARAMS parameters(struct sealed *sealed, CK_GENERATOR_FUNCTION generator)
{
    return (CK_GCM_MESSAGE_PARAMS){sealed->vector, VECTOR, 0, generator, sealed->tag, TAG * 8};
}

static CK_RV seal(CK_FUNCTION_LIST_3_0 *list, CK_SESSION_HANDLE session, struct sealed *sealed)
{
    CK_GCM_MESSAGE_PARAMS gcm = parameters(sealed, CKG_GENERATE);
    CK_ULONG len = sizeof sealed->text;
    return list->C_EncryptMessage(session, &gcm, sizeof gcm, header, sizeof header, text, sizeof text,
                                  sealed->text, &len);
}

static CK_RV unseal(CK_FUNCTION_LIST_3_0 *list, CK_SESSION_HANDLE session, struct sealed *sealed, CK_BYTE *plain)
{
    CK_GCM_MESSAGE_PARAMS gcm = parameters(sealed, CKG_NO_GENERATE);
    CK_ULONG len = sizeof text;
    return list->C_DecryptMessage(session, &gcm, sizeof gcm, header, sizeof header, sealed->text,
                                  sizeof sealed->text, plain, &len);
}

/* Sections 5.9 and 5.11: two messages there and back, and one that was changed on the way. */
static void messages(CK_FUNCTION_LIST_3_0 *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0};
    struct sealed first = {{0}, {0}, {0}}, second = first;
    const CK_BYTE zeros[VECTOR] = {0};
    CK_BYTE plain[2][sizeof text] = {{0}, {0}};
    must("C_MessageEncryptInit", list->C_MessageEncryptInit(session, &gcm, key));
    must("C_EncryptMessage", seal(list, session, &first));
    must("C_EncryptMessage", seal(list, session, &second));
    must("C_MessageEncryptFinal", list->C_MessageEncryptFinal(session));
    int made = memcmp(first.vector, zeros, VECTOR) != 0 && memcmp(first.vector, second.vector, VECTOR) != 0;
    int hidden = memcmp(first.text, text, sizeof text) != 0 && memcmp(first.text, second.text, sizeof text) != 0;
    must("C_MessageDecryptInit", list->C_MessageDecryptInit(session, &gcm, key));
    must("C_DecryptMessage", unseal(list, session, &first, plain[0]));
    must("C_DecryptMessage", unseal(list, session, &second, plain[1]));
    int back = memcmp(plain[0], text, sizeof text) == 0 && memcmp(plain[1], text, sizeof text) == 0;
    first.tag[0] ^= 1;
    CK_RV changed = unseal(list, session, &first, plain[0]);
    must("C_MessageDecryptFinal", list->C_MessageDecryptFinal(session));
    printf("%d.%d: vectors %s, messages %s and %s, a changed one %s\n", list->version.major, list->version.minor,
           made ? "made" : "NOT MADE", hidden ? "hidden" : "NOT HIDDEN", back ? "back" : "LOST", name_of(changed));
}

/* Section 5.6: the operations that the flags name end, others go on. */
static void cancels(CK_FUNCTION_LIST_3_0 *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0};
    struct sealed sealed = {{0}, {0}, {0}};
    must("C_MessageEncryptInit", list->C_MessageEncryptInit(session, &gcm, key));
    CK_RV other = list->C_SessionCancel(session, CKF_DECRYPT | CKF_DIGEST);
    CK_RV before = seal(list, session, &sealed);
    CK_RV rv = list->C_SessionCancel(session, CKF_MESSAGE_ENCRYPT);
    CK_RV after = seal(list, session, &sealed);
    printf("%d.%d: C_SessionCancel of others %s", list->version.major, list->version.minor, name_of(other));
    printf(", then a message %s", name_of(before));
    printf("; C_SessionCancel %s", name_of(rv));
    printf(", then a message %s\n", name_of(after));
}

/* Section 5.6: whether the operation that ended last was an approved one. */
static void validation(CK_FUNCTION_LIST_3_2 *list, CK_SESSION_HANDLE session, const char *when)
{
    CK_FLAGS flags = 77;
    CK_RV rv = list->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK, &flags);
    printf("%d.%d: C_GetSessionValidationFlags %s %s, %lu\n", list->version.major, list->version.minor, when,
           name_of(rv), flags);
}

static void digest(CK_FUNCTION_LIST_3_2 *list, CK_SESSION_HANDLE session)
{
    CK_MECHANISM md5 = {CKM_MD5, NULL, 0};
    CK_BYTE room[16];
    CK_ULONG len = sizeof room;
    must("C_DigestInit", list->C_DigestInit(session, &md5));
    must("C_Digest", list->C_Digest(session, text, sizeof text, room, &len));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    CK_FUNCTION_LIST *exported = load(argv[1]);
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    lists(exported);
    questions();
    calls();
    must("C_Initialize", exported->C_Initialize(&threads));
    calls();
    CK_FUNCTION_LIST_3_0 *of_3_0 = list_of(3, 0);
    CK_FUNCTION_LIST_3_2 *of_3_2 = list_of(3, 2);
    CK_SESSION_HANDLE session = user_session(exported, argv[2]);
    validation(of_3_2, session, "at first");
    CK_OBJECT_HANDLE key = aes_key(of_3_0, session);
    validation(of_3_2, session, "after a key");
    digest(of_3_2, session);
    validation(of_3_2, session, "after MD5");
    /* A list of 3.2 begins with that of 3.0. */
    CK_FUNCTION_LIST_3_0 *lists_with_messages[] = {of_3_0, (CK_FUNCTION_LIST_3_0 *)of_3_2};
    for (size_t i = 0; i < COUNT(lists_with_messages); i++) {
        messages(lists_with_messages[i], session, key);
        cancels(lists_with_messages[i], session, key);
    }
    validation(of_3_2, session, "after AES-GCM");
    must("C_Finalize", exported->C_Finalize(NULL));
    return 0;
}
